"""What Weiguard on Kafka costs and how quick it is, on a real broker; `python -m bench.kafka --help`."""
