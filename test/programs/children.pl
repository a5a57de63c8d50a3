# SPDX-License-Identifier: MIT
#
# children.pl -- children forked from a process with a full heap; each frees and replaces what it inherited
# and answers through a pipe.
use strict;
use warnings;

my @heap = map { [ map { "value $_" } 1 .. $_ % 30 ] } 1 .. 5000;
my @answers;
for my $child (1 .. 40) {
    pipe(my $in, my $out) or die "pipe: $!";
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        close $in;
        my $sum = 0;
        for my $i (grep { $_ % 40 == $child - 1 } 0 .. $#heap) {
            $sum += @{ $heap[$i] };
            $heap[$i] = { map { $_ => $child } @{ $heap[$i] } };
        }
        undef @heap if $child % 2;
        print $out "child $child: $sum\n";
        close $out;
        exit($child % 3);
    }
    close $out;
    my $answer = <$in>;
    waitpid($pid, 0);
    push @answers, $answer . "status " . ($? >> 8) . "\n";
}
print @answers;
