# One release: the files of SOURCE laid over the release before it, and the static files collected into the image.
ARG FROM_IMAGE
FROM ${FROM_IMAGE}
ARG SOURCE
ARG VERSION
COPY ${SOURCE}/ /app/
USER root
RUN SECRET_KEY=build python manage.py collectstatic --noinput --verbosity 0 && chown -R app:app staticfiles
USER app
ENV SHOP_VERSION=${VERSION} DJANGO_SETTINGS_MODULE=config.settings
LABEL org.opencontainers.image.version=${VERSION}
