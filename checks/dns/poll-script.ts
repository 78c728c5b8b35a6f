/** Asks name servers again and again, from the server, until a record is as it should be; each answer is shown. */

import { type Script, sh } from '../../src/model/script.ts'

export interface Wanted {
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'CAA'
  /** The addresses that it should have; none when the record should be gone. For CAA one record that must be there. */
  readonly values: readonly string[]
  /** What it has now. */
  readonly was?: readonly string[]
}

/** Perl’s base package is on every Debian and Ubuntu and speaks DNS over UDP; dig often is not there. */
const PERL = `
use strict; use Socket; use IO::Socket::INET;
my ($seconds, $wanted, @servers) = @ARGV;
my %types = (A => 1, AAAA => 28, CAA => 257);
sub caa { my ($flags, $tag, $value) = unpack("CC/aa*", $_[0]); return "$flags:$tag:$value" }
sub ask { my ($server, $name, $type) = @_;
  my $socket = IO::Socket::INET->new(PeerAddr => $server, PeerPort => 53, Proto => "udp") or return ("unreachable");
  my $question = pack("n6", int(rand(65536)), 256, 1, 0, 0, 0) . join("", map { pack("C/a*", $_) } split(/\\./, $name)) . pack("xnn", $types{$type}, 1);
  $socket->send($question); my $bits = ""; vec($bits, $socket->fileno, 1) = 1;
  return ("silent") unless select($bits, undef, undef, 3);
  $socket->recv(my $m, 4096) ; return ("silent") if length($m) < 12;
  my (undef, $flags, undef, $count) = unpack("n4", $m); my $code = $flags & 15;
  return ("NXDOMAIN") if $code == 3; return ("error $code") if $code;
  my $at = length($question); my @found; my $ttl = "";
  for (1 .. $count) {
    while ((my $n = unpack("C", substr($m, $at, 1))) != 0) { if ($n >= 192) { $at++; last } $at += $n + 1 } $at++;
    my ($kind, undef, $t, $length) = unpack("nnNn", substr($m, $at, 10)); $at += 10;
    my $data = substr($m, $at, $length); $at += $length;
    if ($kind == $types{$type}) { $ttl = $t;
      push @found, $type eq "CAA" ? caa($data) : inet_ntop($type eq "A" ? AF_INET : AF_INET6, $data) }
  }
  return (join(" ", sort @found) || "none", $ttl) }
my $end = time + $seconds; my $shown = "";
while (1) {
  my ($good, $text) = (1, "");
  for my $want (split /;/, $wanted) { my ($name, $type, $values) = split /=/, $want, 3;
    for my $server (@servers) { my ($label, $address) = split /=/, $server;
      my ($said, $ttl) = ask($address, $name, $type); $said = "none" if $said eq "NXDOMAIN" && $values eq "none";
      my $fits = $type eq "CAA" ? index(" $said ", " $values ") >= 0 : $said eq $values; $good &&= $fits;
      $text .= sprintf("%s %s: %s says %s%s%s\\n", $type, $name, $label, $said, length($ttl) ? ", kept for $ttl s" : "", $fits ? "" : ", should be $values") } }
  if ($text ne $shown) { $| = 1; print $text; $shown = $text }
  exit 0 if $good; if (time > $end) { print "not yet everywhere\\n"; exit 1 } sleep 3 }
`

/** @param servers pairs of a label and an IPv4 address. @param seconds after which it gives up. */
export function pollScript(
  wanted: readonly Wanted[],
  servers: readonly (readonly [label: string, address: string])[],
  seconds: number,
): Script {
  const questions = wanted.map(
    ({ name, type, values }) => `${name}=${type}=${[...values].sort().join(' ') || 'none'}`,
  )
  return sh`
    command -v perl >/dev/null || { echo 'perl is not on the server: look with dig by hand' >&2; exit 127; }
    perl -e ${PERL} ${seconds} ${questions.join(';')} ${servers.map(([label, address]) => `${label}=${address}`)}
  `
}
