"""Real servers for tests, started and ended by them: a test of what Kafka does asks Kafka."""
