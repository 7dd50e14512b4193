"""Measurements that the documents quote; no part of the app, and nothing imports them."""
