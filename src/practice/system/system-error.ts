/** The errors of system calls, in the C locale's words. */

const WORDS = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EEXIST: 'File exists',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  ENOTEMPTY: 'Directory not empty',
  ELOOP: 'Too many levels of symbolic links',
  ENOSPC: 'No space left on device',
  EBADF: 'Bad file descriptor',
  EPIPE: 'Broken pipe',
  EINVAL: 'Invalid argument',
  ECHILD: 'No child processes',
  ESRCH: 'No such process',
  EROFS: 'Read-only file system',
  EXDEV: 'Invalid cross-device link',
} as const

export type ErrorCode = keyof typeof WORDS

export class SystemError extends Error {
  override readonly name = 'SystemError'
  readonly code: ErrorCode

  constructor(code: ErrorCode) {
    super(WORDS[code])
    this.code = code
  }
}

/** The sentence of an error of a system call; anything else is a mistake of ours and passes on. */
export function wordsOf(error: unknown): string {
  if (error instanceof SystemError) return error.message
  throw error
}
