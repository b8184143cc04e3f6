"""The domain: what a clinic is, without any protocol."""

VERSION = "0.1.0"
