"""Payments, refunds, payouts, settlements, orders, invoices and tax returns."""

from __future__ import annotations

from engine.payloads.fields import Amount, Balance, Payload, Whole


class PaymentReceived(Payload, kw_only=True, gc=False):
    """Data of `payment.received`."""

    transaction_id: str
    amount_fen: Amount
    payer_id: str
    currency: str = "CNY"
    method: str | None = None
    code_id: str | None = None
    code_kind: str | None = None
    face_to_face: bool | None = None
    order_id: str | None = None
    product_id: str | None = None
    category: str | None = None
    fee_fen: Amount | None = None
    cross_border: bool = False
    cash: bool = False


class PaymentRefunded(Payload, kw_only=True, gc=False):
    """Data of `payment.refunded`."""

    refund_id: str
    transaction_id: str
    amount_fen: Amount
    to_payer_id: str | None = None
    reason: str | None = None


class PayoutSent(Payload, kw_only=True, gc=False):
    """Data of `payout.sent`."""

    payout_id: str
    amount_fen: Amount
    payee_id: str | None = None
    kind: str | None = None


class SettlementPosted(Payload, kw_only=True, gc=False):
    """Data of `settlement.posted`."""

    settlement_id: str
    transaction_ids: list[str]
    amount_fen: Balance
    fee_fen: Balance | None = None
    rate_bp: Whole | None = None


class SettlementCycleChanged(Payload, kw_only=True, gc=False):
    """Data of `settlement.cycle_changed`."""

    old_days: Whole
    new_days: Whole


class FundFrozen(Payload, kw_only=True, gc=False):
    """Data of `fund.frozen` · `fund.released`."""

    case_id: str
    amount_fen: Amount | None = None
    reason: str | None = None


class AppealSubmitted(Payload, kw_only=True, gc=False):
    """Data of `appeal.submitted`."""

    case_id: str


class OrderCreated(Payload, kw_only=True, gc=False):
    """Data of `order.created`."""

    order_id: str
    total_fen: Amount | None = None
    buyer_id: str | None = None
    counterparty_id: str | None = None
    b2b: bool = False
    instalment_plan_id: str | None = None
    contract_id: str | None = None


class InventoryMoved(Payload, kw_only=True, gc=False):
    """Data of `inventory.moved`."""

    movement_id: str
    order_id: str | None = None
    product_id: str | None = None
    quantity: Whole


class InvoiceRequested(Payload, kw_only=True, gc=False):
    """Data of `invoice.requested` · `invoice.issued`."""

    invoice_id: str
    order_id: str | None = None
    amount_fen: Balance | None = None


class TaxFiled(Payload, kw_only=True, gc=False):
    """Data of `tax.filed`."""

    period: str
    tax: str | None = None


class PlatformIncomeReported(Payload, kw_only=True, gc=False):
    """Data of `platform.income_reported`."""

    period: str
    amount_fen: Balance
