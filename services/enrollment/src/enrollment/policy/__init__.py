"""Premium tariffs as dated data; read by ``enrollment.adapters.tariff_files``."""
