"""What Kong 3.9 knows: the entities and plugins that this service's configuration uses.

Source: the entity and plugin reference of Kong Gateway 3.9. A field that is not here is refused,
as Kong refuses it when it loads the file.
"""

TOP_LEVEL = {
    "_format_version", "_transform", "_comment", "services", "routes", "upstreams", "targets",
    "consumers", "plugins", "jwt_secrets", "oauth2_credentials", "acls", "certificates", "snis",
    "ca_certificates", "consumer_groups", "vaults",
}  # fmt: skip

COMMON = {"id", "tags", "created_at", "updated_at"}

ENTITIES = {
    "services": COMMON | {
        "name", "host", "port", "protocol", "path", "retries", "connect_timeout", "read_timeout",
        "write_timeout", "url", "enabled", "client_certificate", "tls_verify", "tls_verify_depth",
        "ca_certificates", "routes", "plugins",
    },
    "routes": COMMON | {
        "name", "protocols", "methods", "hosts", "paths", "headers", "https_redirect_status_code",
        "regex_priority", "strip_path", "path_handling", "preserve_host", "request_buffering",
        "response_buffering", "snis", "sources", "destinations", "service", "plugins",
    },
    "upstreams": COMMON | {
        "name", "algorithm", "hash_on", "hash_fallback", "hash_on_header", "hash_on_cookie",
        "hash_on_cookie_path", "hash_on_query_arg", "hash_fallback_header", "slots", "targets",
        "healthchecks", "host_header", "client_certificate", "use_srv_name",
    },
    "targets": COMMON | {"target", "weight", "upstream"},
    "consumers": COMMON | {
        "username", "custom_id", "jwt_secrets", "oauth2_credentials", "acls", "plugins", "groups",
    },
    "jwt_secrets": COMMON | {"key", "secret", "algorithm", "rsa_public_key", "consumer"},
    "plugins": COMMON | {
        "name", "config", "enabled", "protocols", "service", "route", "consumer", "instance_name",
        "consumer_group",
    },
}  # fmt: skip

PHASES = {
    "certificate", "rewrite", "access", "header_filter", "body_filter", "log", "ws_handshake",
    "ws_client_frame", "ws_upstream_frame", "ws_close",
}  # fmt: skip
TRANSFORMATIONS = {"remove", "rename", "replace", "add", "append"}

# Each plugin and its fields; None where the service has no use for the plugin at all.
PLUGINS: dict[str, set[str]] = {
    "jwt": {
        "uri_param_names", "cookie_names", "key_claim_name", "secret_is_base64",
        "claims_to_verify", "anonymous", "run_on_preflight", "maximum_expiration", "header_names",
        "realm",
    },
    "oauth2": {
        "scopes", "mandatory_scope", "provision_key", "token_expiration",
        "enable_authorization_code", "enable_implicit_grant", "enable_client_credentials",
        "enable_password_grant", "hide_credentials", "accept_http_if_already_terminated",
        "anonymous", "global_credentials", "auth_header_name", "refresh_token_ttl",
        "reuse_refresh_token", "persistent_refresh_token", "pkce", "realm",
    },
    "acl": {"allow", "deny", "hide_groups_header", "always_use_authenticated_groups",
            "include_consumer_groups"},
    "pre-function": PHASES,
    "post-function": PHASES,
    "correlation-id": {"header_name", "generator", "echo_downstream"},
    "request-size-limiting": {"allowed_payload_size", "size_unit", "require_content_length"},
    "request-transformer": TRANSFORMATIONS | {"http_method"},
    "response-transformer": TRANSFORMATIONS,
    "rate-limiting": {
        "second", "minute", "hour", "day", "month", "year", "limit_by", "header_name", "path",
        "policy", "fault_tolerant", "redis", "hide_client_headers", "error_code", "error_message",
        "sync_rate",
    },
    "cors": {
        "origins", "headers", "exposed_headers", "methods", "max_age", "credentials",
        "private_network", "preflight_continue",
    },
    "acme": {
        "account_email", "account_key", "api_uri", "tos_accepted", "eab_kid", "eab_hmac_key",
        "cert_type", "rsa_key_size", "renew_threshold_days", "domains", "allow_any_domain",
        "fail_backoff_minutes", "storage", "storage_config", "preferred_chain",
        "enable_ipv4_common_name",
    },
    "ip-restriction": {"allow", "deny", "status", "message"},
    "bot-detection": {"allow", "deny"},
    "request-termination": {"status_code", "message", "content_type", "body", "echo", "trigger"},
    "prometheus": {
        "per_consumer", "status_code_metrics", "ai_metrics", "latency_metrics",
        "bandwidth_metrics", "upstream_health_metrics", "wasm_metrics",
    },
    "file-log": {"path", "reopen", "custom_fields_by_lua"},
    "http-log": {
        "http_endpoint", "method", "content_type", "timeout", "keepalive", "retry_count",
        "queue_size", "flush_timeout", "headers", "queue", "custom_fields_by_lua",
    },
    "proxy-cache": {
        "response_code", "request_method", "content_type", "cache_ttl", "strategy",
        "cache_control", "ignore_uri_case", "storage_ttl", "memory", "vary_query_params",
        "vary_headers", "response_headers",
    },
}  # fmt: skip

REDIS = {
    "host", "port", "timeout", "username", "password", "database", "ssl", "ssl_verify",
    "server_name", "extra_options",
}  # fmt: skip

HTTP_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT")

# What a field takes: a type, or some words (a list: each of its items is one). Only of fields that
# have one meaning wherever they stand.
VALUES: dict[str, type | tuple[str | int, ...]] = {
    **dict.fromkeys(
        ("strip_path", "preserve_host", "request_buffering", "response_buffering", "enabled",
         "fault_tolerant", "hide_client_headers", "require_content_length", "run_on_preflight",
         "mandatory_scope", "enable_client_credentials", "enable_authorization_code",
         "enable_implicit_grant", "enable_password_grant", "global_credentials",
         "hide_credentials", "accept_http_if_already_terminated", "hide_groups_header",
         "echo_downstream", "credentials", "preflight_continue", "private_network",
         "tos_accepted", "ssl", "ssl_verify"),
        bool,
    ),
    **dict.fromkeys(
        ("port", "retries", "connect_timeout", "read_timeout", "write_timeout", "regex_priority",
         "weight", "second", "minute", "hour", "day", "allowed_payload_size", "max_age",
         "token_expiration", "database"),
        int,
    ),
    **dict.fromkeys(
        ("paths", "scopes", "claims_to_verify", "header_names", "uri_param_names",
         "cookie_names", "origins", "exposed_headers", "domains"),
        list,
    ),
    **dict.fromkeys(("host", "target", "key_claim_name", "header_name", "rsa_public_key"), str),
    "protocols": ("http", "https", "grpc", "grpcs", "tcp", "tls", "udp"),
    "methods": HTTP_METHODS,
    "https_redirect_status_code": (301, 302, 307, 308, 426),
    "algorithm": (
        "round-robin", "least-connections", "consistent-hashing", "latency",  # of upstreams
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512",
        "PS256", "PS384", "PS512", "EdDSA",  # of keys
    ),
    "limit_by": ("consumer", "credential", "ip", "service", "header", "path", "consumer-group"),
    "size_unit": ("megabytes", "kilobytes", "bytes"),
    "generator": ("uuid", "uuid#counter", "tracker"),
    "storage": ("kong", "shm", "redis", "consul", "vault"),
}  # fmt: skip
