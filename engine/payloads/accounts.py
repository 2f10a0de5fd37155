"""Logins, sessions, devices, owners, accounts, staff, qualifications and the limits set for them."""

from __future__ import annotations

from typing import Any

from engine.payloads.fields import Day, Instant, Payload, Whole


class LoginAttempted(Payload, kw_only=True, gc=False):
    """Data of `login.attempted`."""

    result: str
    failure_reason: str | None = None
    method: str | None = None
    ip: str | None = None
    ip_hash: str | None = None
    device_id: str | None = None
    lat: float | None = None
    lon: float | None = None
    acc_km: float | None = None
    city: str | None = None
    country: str | None = None
    carrier: str | None = None
    asn: str | None = None
    asn_type: str | None = None
    net_type: str | None = None
    ua_browser: str | None = None
    ua_os: str | None = None
    ua_type: str | None = None
    operator_id: str | None = None


class SessionStarted(Payload, kw_only=True, gc=False):
    """Data of `session.started` · `session.ended`."""

    session_id: str
    device_id: str | None = None
    city: str | None = None
    lat: float | None = None
    lon: float | None = None


class DeviceRegistered(Payload, kw_only=True, gc=False):
    """Data of `device.registered`."""

    device_id: str
    managed: bool
    owner_id: str | None = None


class DeviceIntegrityReported(Payload, kw_only=True, gc=False):
    """Data of `device.integrity_reported`."""

    device_id: str
    emulator: bool = False
    hooked: bool = False
    multi_open: bool = False


class CredentialChanged(Payload, kw_only=True, gc=False):
    """Data of `credential.changed`."""

    kind: str | None = None


class DataExported(Payload, kw_only=True, gc=False):
    """Data of `data.exported`."""

    actor_id: str
    records: Whole


class SecurityReviewDone(Payload, kw_only=True, gc=False):
    """Data of `security.review_done`."""

    owner_id: str


class OwnerRegistered(Payload, kw_only=True, gc=False):
    """Data of `owner.registered`."""

    owner_id: str
    kind: str
    registered: bool
    vat_status: str


class AccountRegistered(Payload, kw_only=True, gc=False):
    """Data of `account.registered`."""

    kind: str
    owner_id: str
    staff_id: str | None = None
    opened_at: Instant | None = None


class AccountVerified(Payload, kw_only=True, gc=False):
    """Data of `account.verified`."""

    verified_until: Day


class AccountRestricted(Payload, kw_only=True, gc=False):
    """Data of `account.restricted` · `account.unrestricted` · `account.closed`."""

    case_id: str | None = None
    reason: str | None = None


class MatrixRegistered(Payload, kw_only=True, gc=False):
    """Data of `matrix.registered`."""

    operator_id: str
    device_id: str | None = None
    purpose: str | None = None


class StaffOnboarded(Payload, kw_only=True, gc=False):
    """Data of `staff.onboarded` · `staff.offboarded`."""

    staff_id: str
    owner_id: str | None = None


class CustomerTransferred(Payload, kw_only=True, gc=False):
    """Data of `customer.transferred`."""

    from_staff_id: str
    to_staff_id: str
    customers: Any = None


class QualificationIssued(Payload, kw_only=True, gc=False):
    """Data of `qualification.issued` · `qualification.renewed`."""

    qual_id: str
    qual_type: str
    owner_id: str
    licence_no_hash: str | None = None
    scope: list[str] | None = None
    valid_from: Day
    valid_to: Day | None = None
    term_years: Whole | None = None
    supersedes: str | None = None


class QualificationRevoked(Payload, kw_only=True, gc=False):
    """Data of `qualification.revoked` · `qualification.displayed` · `qualification.renewal_filed`."""

    qual_id: str


class LicenseAnnualReportFiled(Payload, kw_only=True, gc=False):
    """Data of `license.annual_report_filed`."""

    owner_id: str
    year: Whole


class LimitProfileSet(Payload, kw_only=True, gc=False):
    """Data of `limit_profile.set` · `limit_profile.reviewed`."""

    limit: str
    value: Any = None
    unit: str | None = None
    account: str | None = None
    owner_id: str | None = None
    source: str | None = None
