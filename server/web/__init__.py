"""The web application: API, pages, feeds, sign-in, middleware. Only this folder uses Litestar."""
