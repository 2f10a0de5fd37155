"""What Weiguard costs, measured beside straight Python loops on the same log; `python -m bench --help`."""
