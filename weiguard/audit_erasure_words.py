"""What `audit erase` says, in both languages."""

from __future__ import annotations

from typing import Final

from monitoring.wording.words import Language

ERASED: Final[dict[Language, str]] = {
    "zh": "已删除密钥，该主体的个人信息再也无法读取：涉及输入 {inputs} 条、审计记录 {entries} 条（租户 {tenants}）",
    "en": "key destroyed, nobody can read it any more: inputs {inputs}, audit entries {entries} (tenants: {tenants})",
}
