"""`kind = "http"`: one request or a transaction of several, each answer held against expectations."""

from standby.checks.http.check import KIND, HttpCheck
from standby.checks.http.model import HttpModel

__all__ = ["KIND", "HttpCheck", "HttpModel"]
