/** What keeps the clock right. */

export class Clock {
  ntp = true
  synchronised = true
}
