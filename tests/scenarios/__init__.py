"""Days of small shops, each beside the alerts it must raise."""
