"""What `audit retention` says, in both languages."""

from __future__ import annotations

from typing import Final

from monitoring.wording.words import Language

RETENTION: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "addresses": "登录地址：最多可读 {kept}（可设 {least} 至 {most}），此后只留城市、运营商和代称；依据：{source}",
        "audit": "审计日志和预警：至少保存 {kept}（可设 {least} 以上）；依据：{source}",
        "ended": "  租户 {tenant}：{day} 之前收到的地址已无法读取",
        "none": "  尚无地址到期",
        "entries": "  审计日志 {entries} 条，从不删除",
    },
    "en": {
        "addresses": "addresses of logins: readable for {kept} at most (settable from {least} to {most}), then only "
        "city, carrier and a name that stands for them; by {source}",
        "audit": "audit log and alerts: kept for {kept} at least (settable from {least} on); by {source}",
        "ended": "  tenant {tenant}: addresses that came before {day} cannot be read any more",
        "none": "  no address has ended yet",
        "entries": "  {entries} audit entries, and none is ever dropped",
    },
}
