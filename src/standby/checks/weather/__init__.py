"""`kind = "weather"`: whether a weather service answers, how old its observation is, and what it says."""

from standby.checks.weather.check import KIND, WeatherCheck, WeatherModel

__all__ = ["KIND", "WeatherCheck", "WeatherModel"]
