"""The clock: `rq cron` runs this file. All other times (retries, the hourly check) stand in the
database, and the sweep rings when they have come."""

from rq import cron

from app.pipeline.doorbell import QUEUE, SWEEP_S
from workers.jobs import sweep

# A sweep that no worker takes is dropped when the next one comes, so that none pile up.
cron.register(sweep, queue_name=QUEUE, interval=SWEEP_S, ttl=SWEEP_S, result_ttl=0, job_timeout=60)
