"""Filings before care: referral, chronic disease, chosen institution, long-term residence elsewhere."""
