import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** For each line of stdin, a key in hex and a number of partitions: the line and the partition of the key. */
public class Partitions {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] parts = line.split(" ");
            byte[] key = HexFormat.of().parseHex(parts[0]);
            System.out.println(line + " " + BuiltInPartitioner.partitionForKey(key, Integer.parseInt(parts[1])));
        }
    }
}
