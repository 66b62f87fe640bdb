"""What the stand-in counts, and its page for Prometheus: http_server.cc, prediction_service_impl.cc and util.cc of the server."""

import collections
import threading


class Metrics:
    """Requests by model and status, and those that went well by API and port too, as the server's histogram of latencies has them."""

    def __init__(self):
        self.lock, self.requests, self.latencies = threading.Lock(), collections.Counter(), collections.Counter()

    def count(self, model, status, requests=1):
        """Counts requests that ended with a status, warm-up records included."""
        with self.lock:
            self.requests[model, status] += requests

    def time(self, model, api, port):
        """Counts a request that went well; `api` is '' for a question about the state."""
        with self.lock:
            self.latencies[model, api, port] += 1

    def page(self):
        """The text of the page; of the histogram only the bucket that holds all."""
        with self.lock:
            return '\n'.join(
                [
                    '# TYPE :tensorflow:serving:request_count counter',
                    *(
                        f':tensorflow:serving:request_count{{model_name="{model}",status="{status}"}} {number}'
                        for (model, status), number in self.requests.items()
                    ),
                    '# TYPE :tensorflow:serving:request_latency histogram',
                    *(
                        f':tensorflow:serving:request_latency_bucket{{model_name="{model}",API="{api}",'
                        f'entrypoint="{port}",le="+Inf"}} {number}'
                        for (model, api, port), number in self.latencies.items()
                    ),
                    '',
                ]
            )
