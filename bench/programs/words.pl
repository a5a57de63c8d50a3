# SPDX-License-Identifier: MIT
#
# words.pl -- perl: a text made up, split, counted and indexed; nested hashes, sorting, substitution, objects.
# Usage: words.pl PERCENT.
use strict;
use warnings;

my $percent = $ARGV[0] // 100;
my $seed = 42;
sub random { $seed = ($seed * 16807) % 2147483647; return $seed % $_[0]; }

my @syllables = map { chr(97 + $_ % 26) . chr(97 + $_ * 7 % 26) } 0 .. 99;
my $text = join ' ', map { join '', map { $syllables[random(100)] } 1 .. 1 + random(4) } 1 .. 900 * $percent;

my (%count, %index);
my $at = 0;
for my $word (split / /, $text) {
    $count{$word}++;
    push @{ $index{ substr $word, 0, 2 }{$word} }, $at++;
}
my @top = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print scalar(@top), " words, most often: @top[0 .. 9]\n";

my $sum = 0;
for my $prefix (sort keys %index) {
    for my $word (sort keys %{ $index{$prefix} }) {
        $sum = ($sum * 31 + @{ $index{$prefix}{$word} } + $index{$prefix}{$word}[-1]) % 1000000007;
    }
}
print "index $sum\n";

(my $changed = $text) =~ s/([aeiou])(\w)/uc($2) . $1/ge;
print "changed ", length($changed), " ", ($changed =~ tr/A-Z//), "\n";

package Shape {
    sub new { my ($class, %of) = @_; return bless {%of}, $class }
    sub area { $_[0]{w} * $_[0]{h} }
}
my @shapes = map { Shape->new(w => $_ % 17, h => $_ % 23, name => "shape $_", at => [ $_, $_ + 1 ]) }
    1 .. 500 * $percent;
my $area = 0;
$area += $_->area for grep { $_->{name} =~ /[37]$/ } @shapes;
print "area $area\n";
