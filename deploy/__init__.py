"""What stands beside Weiguard where it runs: Prometheus, Grafana. Nothing here is part of the wheel."""
