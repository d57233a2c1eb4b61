-- The alerts of one integration over a month, out of those of two years.

CREATE INDEX alert_integration ON alert (integration, id);
