"""The dashboards as code: each module is one page, in Chinese and English; `python -m deploy.grafana` writes them."""
