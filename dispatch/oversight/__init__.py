"""What watches over people with power: approvals, purposes, break-glass, review, alerts."""
