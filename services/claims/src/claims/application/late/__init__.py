"""Use cases on facts that come late: corrections, paper claims, audited lines."""
