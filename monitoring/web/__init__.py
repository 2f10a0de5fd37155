"""What is served over HTTP: health and metrics, intake, alerts, the feed, the audit log."""
