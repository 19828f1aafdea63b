"""Pure rules of the bridge: recognition, the work-injury version of a bill, conversion between funds, direct settlement."""
