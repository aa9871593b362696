import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One node of OpenSearch, on loopback. Arguments: its folder, the ports of HTTP and of its transport. */
public class Server {
  public static void main(String[] args) throws InterruptedException {
    new OpenSearchRunner()
        .onBuild(
            (number, settings) ->
                settings
                    .put("network.host", "127.0.0.1")
                    .put("http.port", args[1])
                    .put("transport.port", args[2])
                    .put("discovery.type", "single-node")
                    // It would refuse to write on a machine whose disk is nearly full.
                    .put("cluster.routing.allocation.disk.threshold_enabled", false))
        .build(OpenSearchRunner.newConfigs().basePath(args[0]).numOfNode(1).useLogger());
    Thread.currentThread().join();
  }
}
