import logging

from celery import shared_task

logger = logging.getLogger(__name__)


@shared_task
def send_confirmation(order_id):
    """Stands for the e-mail that a real shop sends."""
    logger.info('order %s confirmed', order_id)
