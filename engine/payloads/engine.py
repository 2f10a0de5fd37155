"""The clock, connectors, and the events that Weiguard itself writes into the log and reads back."""

from __future__ import annotations

from typing import Any

from engine.payloads.fields import Instant, Payload, Whole


class ConnectorHeartbeat(Payload, kw_only=True, gc=False):
    """Data of `connector.heartbeat`."""

    connector_id: str


class ClockTick(Payload, kw_only=True, gc=False):
    """Data of `clock.tick`."""


class RuleChanged(Payload, kw_only=True, gc=False):
    """Data of `rule.changed`."""

    rule: str
    ruleset: str
    author: str
    approver: str | None = None


class OverrideSet(Payload, kw_only=True, gc=False):
    """Data of `override.set`: for the whole tenant, or for one account or owner; `until`: an instant or a day."""

    limit: str
    value: Any
    author: str
    approver: str
    account: str | None = None
    owner_id: str | None = None
    until: str | None = None
    reason: str | None = None


class CorrectionRequested(Payload, kw_only=True, gc=False):
    """Data of `correction.requested`."""

    by: str
    reason: str | None = None


class AuditQueried(Payload, kw_only=True, gc=False):
    """Data of `audit.queried`."""

    by: str
    query: str


class SubjectErased(Payload, kw_only=True, gc=False):
    """Data of `subject.erased`."""

    subject: str
    by: str
    reason: str


class AlertAcknowledged(Payload, kw_only=True, gc=False):
    """Data of `alert.acknowledged` · `alert.resolved` · `alert.reopened`.

    `record`: the number of the alert's last record that whoever acts has seen.
    """

    alert_id: str
    by: str
    reason: str | None = None
    record: Whole | None = None


class AlertAssigned(Payload, kw_only=True, gc=False):
    """Data of `alert.assigned`; without `assignee` it is nobody's any more."""

    alert_id: str
    by: str
    reason: str | None = None
    record: Whole | None = None
    assignee: str | None = None


class AlertSnoozed(Payload, kw_only=True, gc=False):
    """Data of `alert.snoozed`; without `until` it does not end by itself."""

    alert_id: str
    by: str
    reason: str | None = None
    record: Whole | None = None
    until: Instant | None = None


class SuppressionAdded(Payload, kw_only=True, gc=False):
    """Data of `suppression.added` · `suppression.ended`.

    `rule`: an id or a pattern such as `COL-*`; `key`: dimensions of the alert's key, {} for all keys; `until`: an
    instant or a day.
    """

    rule: str
    key: Any
    until: str | None = None
    author: str
    approver: str
    reason: str | None = None


class AuditVerified(Payload, kw_only=True, gc=False):
    """Data of `audit.verified`."""

    log_id: str
    ok: bool
