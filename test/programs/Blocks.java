/* SPDX-License-Identifier: MIT
 *
 * Blocks.java -- makes the virtual machine allocate outside its own heap: direct buffers, deflaters, threads, a child.
 */
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public class Blocks {
    static long work(int seed) throws Exception {
        ByteBuffer[] buffers = new ByteBuffer[100];
        long sum = 0;
        for (int i = 0; i < 1000; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 + i * 37 % 20000);
            buffer.put(0, (byte) seed);
            buffers[i % buffers.length] = buffer;
        }
        for (ByteBuffer buffer : buffers)
            sum += buffer.capacity() + buffer.get(0);
        byte[] plain = new byte[100000], packed = new byte[200000];
        new Random(seed).nextBytes(plain);
        Deflater deflater = new Deflater(9, seed % 2 == 0);
        deflater.setInput(plain);
        deflater.finish();
        int length = deflater.deflate(packed);
        deflater.end();
        Inflater inflater = new Inflater(seed % 2 == 0);
        inflater.setInput(packed, 0, length);
        sum += inflater.inflate(new byte[100000]);
        inflater.end();
        return sum + length;
    }

    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Long>> results = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            final int seed = i;
            results.add(pool.submit(() -> work(seed)));
        }
        for (Future<Long> result : results)
            System.out.println(result.get());
        pool.shutdown();
        for (int i = 0; i < 300; i++) {
            Thread thread = new Thread(() -> new Deflater().end());
            thread.start();
            thread.join();
        }
        Process child = new ProcessBuilder("echo", "child").start();
        System.out.print(new String(child.getInputStream().readAllBytes()));
        System.out.println(child.waitFor());
        System.gc();
    }
}
