"""The runner for many machines: Kafka is the log, Faust workers decide it, partition by partition."""
