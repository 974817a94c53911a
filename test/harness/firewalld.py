"""Stands in for firewalld on the system bus: the three methods of a zone that Patchbay calls, with firewalld's errors, and reload."""

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.fedoraproject.FirewallD1"
ZONE = NAME + ".zone"
ZONES = ("trusted", "public")


class Refusal(dbus.DBusException):
    _dbus_error_name = NAME + ".Exception"


class Firewalld(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/org/fedoraproject/FirewallD1")
        self.sources = {}

    def require(self, zone):
        if zone not in ZONES:
            raise Refusal("INVALID_ZONE: " + zone)

    @dbus.service.method(NAME)
    def reload(self):
        self.sources.clear()

    @dbus.service.method(ZONE, in_signature="ss", out_signature="s")
    def addSource(self, zone, source):
        self.require(zone)
        if self.sources.get(source) == zone:
            raise Refusal("ZONE_ALREADY_SET: '%s' already bound to '%s'" % (source, zone))
        if source in self.sources:
            raise Refusal("ZONE_CONFLICT: '%s' already bound to a zone" % source)
        self.sources[source] = zone
        return zone

    @dbus.service.method(ZONE, in_signature="ss", out_signature="s")
    def removeSource(self, zone, source):
        if self.sources.pop(source, None) is None:
            raise Refusal("UNKNOWN_SOURCE: '%s' is not in any zone" % source)
        return zone

    @dbus.service.method(ZONE, in_signature="ss", out_signature="b")
    def querySource(self, zone, source):
        self.require(zone)
        return self.sources.get(source) == zone


DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
owned = dbus.service.BusName(NAME, bus)
service = Firewalld(bus)
GLib.MainLoop().run()
