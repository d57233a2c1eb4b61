"""What screens and scripts know of a configuration: plain values without secrets, stored by the engine as one row."""

from __future__ import annotations

from typing import Any

from standby.config.maintenance import Maintenance
from standby.config.models import CheckModel, Integration, Route, Rule, Vendor
from standby.config.people import Policy
from standby.config.risks import risks
from standby.config.whole import Config
from standby.domain.dependency import groups_of


def view(config: Config) -> dict[str, Any]:
    """The document of `ConfigRow`: JSON-able; spans in nanoseconds. `rules` holds the built-in ones too, `templates`
    the rules that come of templates."""
    vendors = {vendor.id: vendor for vendor in config.vendors}
    unsafe: dict[str, list[str]] = {}
    for risk in risks(config):
        unsafe.setdefault(risk.check, []).append(risk.what)
    return {
        "name": config.settings.name,
        "environment": config.settings.environment.value,
        "simulated": config.simulator is not None,
        "no_data_after": config.settings.no_data_after,
        "operators": list(config.settings.operators),
        "policy": config.settings.policy,
        "silence_max_ns": config.alerting.silence_max,
        "vendors": [{"id": vendor.id, "name": vendor.title} for vendor in config.vendors],
        "integrations": [_integration(one, vendors.get(one.vendor)) for one in config.integrations],
        "checks": [_check(check, unsafe.get(check.id, [])) for check in config.checks],
        "rules": [_rule(config, rule) for rule in config.rules_in_force],
        "templates": [_rule(config, rule) for rule in config.templates],
        "routes": [_route(route) for route in config.routes],
        "people": [{"id": one.id, "name": one.title} for one in config.people],
        "policies": [_policy(policy) for policy in config.policies],
        "maintenance": [_maintenance(one) for one in config.maintenance],
    }


def _integration(one: Integration, vendor: Vendor | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.title,
        "vendor": one.vendor,
        "vendor_name": vendor.title if vendor is not None else one.vendor,
        "runs_on": list(vendor.runs_on) if vendor is not None else [],
        "criticality": one.criticality.value,
        "owner": one.owner,
        "rto_ns": one.rto,
        "rpo_ns": one.rpo,
        "runbook": one.runbook,
        "data": list(one.data),
        "depends_on": [" or ".join(group) for group in groups_of(one.depends_on)],
        "policy": one.policy,
    }


def _check(check: CheckModel, unsafe: list[str]) -> dict[str, Any]:
    return {
        "id": check.id,
        "integration": check.integration,
        "kind": check.kind,
        "every_ns": check.every,
        "timeout_ns": check.timeout,
        "attempts": check.attempts,
        "target": check.target,
        "risks": unsafe,
        "stated": check.stated,
        "contract": _contract(check),
    }


def _contract(check: CheckModel) -> str:
    """The file that its contract is pinned in, as it is written; empty for a check without one."""
    file = getattr(getattr(check, "contract", None), "file", None)
    return str(file) if file is not None else ""


def _rule(config: Config, rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "integration": rule.integration,
        "check": rule.check,
        "when": rule.when,
        "window_ns": rule.window,
        "for_ns": rule.for_,
        "keep_firing_for_ns": rule.keep_firing_for,
        "severity": rule.severity.value,
        "owner": config.owner_of(rule),
        "review_every_ns": config.review_every(rule),
    }


def _maintenance(one: Maintenance) -> dict[str, Any]:
    """A window; `once` is from when to when, ns since 1970, else `written` says how it recurs."""
    return {
        "id": one.id,
        "reason": one.reason,
        "vendors": list(one.vendors),
        "integrations": list(one.integrations),
        "match": list(one.match),
        "zone": one.zone,
        "once": list(one.once) if one.once is not None else None,
        "written": {key: list(entries) for key, entries in one.written.items()},
    }


def _policy(policy: Policy) -> dict[str, Any]:
    levels = [{"targets": list(level.targets), "respond_within_ns": level.respond_within} for level in policy.level]
    return {"id": policy.id, "repeat": policy.repeat, "fallback": list(policy.fallback), "levels": levels}


def _route(route: Route) -> dict[str, Any]:
    return {
        "id": route.id,
        "integration": route.integration,
        "primary": route.primary,
        "director": route.director.kind if route.director else "",
        "verify": route.verify,
        "targets": [{"id": one.id, "place": one.place, "check": one.check} for one in route.target],
    }
