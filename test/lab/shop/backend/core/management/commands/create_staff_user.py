import os

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = 'Creates the staff user named in STAFF_USERNAME, STAFF_EMAIL and STAFF_PASSWORD, if it is missing.'

    def handle(self, *args, **options):
        username = os.environ.get('STAFF_USERNAME')
        password = os.environ.get('STAFF_PASSWORD')
        if not username or not password:
            raise CommandError('STAFF_USERNAME and STAFF_PASSWORD must be set')
        users = get_user_model().objects
        if users.filter(username=username).exists():
            self.stdout.write(f'Staff user {username} already exists')
            return
        users.create_user(username, os.environ.get('STAFF_EMAIL', ''), password, is_staff=True)
        self.stdout.write(f'Staff user {username} created')
