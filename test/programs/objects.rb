# SPDX-License-Identifier: MIT
#
# objects.rb -- strings, hashes and arrays in every way Ruby has to run at once; prints digests only.
require "digest"
require "json"
require "zlib"

table = {}
100_000.times { |i| table["k#{i % 5000}"] = "v" * (i % 300) }
GC.start
GC.compact if GC.respond_to?(:compact)

threads = Array.new(8) do |t|
  Thread.new { (1..8000).sum { |i| ("x" * (i * (t + 1) % 2000)).bytesize } }
end
puts threads.map(&:value).inspect

child = fork do
  1000.times { "a" * 100_000 }
  puts JSON.dump(table.size)
end
Process.wait(child)
puts $?.exitstatus

ractors = Array.new(4) { |k| Ractor.new(k) { |n| (1..10_000).map { |x| x.to_s * n }.join.size } }
puts ractors.map(&:take).inspect

fibers = Array.new(200) { |n| Fiber.new { 20.times { |i| Fiber.yield([i] * n) } && nil } }
puts fibers.sum { |f| 20.times.sum { f.resume.size } }

puts Zlib::Inflate.inflate(Zlib::Deflate.deflate("abc" * 1_000_000)).size
puts Array.new(300) { |i| Thread.new { "y" * i } }.sum { |t| t.value.size }
puts Digest::SHA256.hexdigest(table.sort.inspect)
