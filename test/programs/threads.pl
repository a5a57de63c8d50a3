# SPDX-License-Identifier: MIT
#
# threads.pl -- interpreter threads: each start clones every value of the parent, each join frees them from
# another thread.
use strict;
use warnings;
use threads;
use threads::shared;
use Thread::Queue;

my %table = map { $_ => { name => "entry $_", list => [ 1 .. $_ % 20 ] } } 1 .. 3000;
my $queue = Thread::Queue->new;
my $total : shared = 0;

my @workers = map {
    my $id = $_;
    threads->create(sub {
        my $sum = 0;
        while (defined(my $key = $queue->dequeue)) {
            my $copy = { %{ $table{$key} }, by => "worker" };
            $sum += @{ $copy->{list} } + length($copy->{name});
        }
        { lock($total); $total += $sum; }
        return "worker $id done";
    });
} 1 .. 4;

$queue->enqueue(map { $_ * 7 % 3000 + 1 } 1 .. 6000);
$queue->end;
print $_->join, "\n" for @workers;
print "total $total\n";

for my $round (1 .. 10) {
    my @short = map {
        my $n = $_;
        threads->create(sub { return scalar(my @list = map { "$n-$_" } 1 .. 500) });
    } 1 .. 4;
    my $count = 0;
    $count += $_->join for @short;
    print "round $round $count\n" if $round % 5 == 0;
}
