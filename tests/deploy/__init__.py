"""What stands beside Weiguard: dashboards, recording and alerting rules, asked of a real Prometheus."""
