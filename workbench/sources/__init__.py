"""Where telemetry comes from: files now; sockets and GPUs later. Every source yields batches."""
