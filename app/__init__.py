"""Backline. Whatever part of it a process imports first, it knows the same time zones."""

from app.core.zones import use_pinned_zones

use_pinned_zones()
