// @generated automatically by Diesel CLI.

diesel::table! {
    account_masks (id) {
        id -> Uuid,
        user_id -> Uuid,
        account_id -> Uuid,
        issuer -> Text,
        kind -> Text,
        mask -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    accounts (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        issuer -> Nullable<Text>,
        kind -> Text,
        currency -> Text,
        opening_balance -> Numeric,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        prefix -> Text,
        token_hash -> Bytea,
        scopes -> Array<Nullable<Text>>,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    audit_entries (id) {
        id -> Uuid,
        at -> Timestamptz,
        action -> Text,
        owner -> Nullable<Uuid>,
        actor -> Nullable<Uuid>,
        credential_kind -> Nullable<Text>,
        credential -> Nullable<Uuid>,
        address -> Nullable<Inet>,
        subject_kind -> Nullable<Text>,
        subject -> Nullable<Uuid>,
        changes -> Jsonb,
        request_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    categories (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        parent_id -> Nullable<Uuid>,
        kind -> Text,
        colour -> Nullable<Text>,
        icon -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    connected_accounts (id) {
        id -> Uuid,
        user_id -> Uuid,
        provider -> Text,
        address -> Text,
        status -> Text,
        status_reason -> Nullable<Text>,
        settings -> Jsonb,
        sealed_credentials -> Nullable<Bytea>,
        sync_state -> Jsonb,
        last_sync_at -> Nullable<Timestamptz>,
        email_count -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    email_places (id) {
        id -> Uuid,
        user_id -> Uuid,
        email_id -> Uuid,
        connected_account_id -> Uuid,
        provider_key -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    email_sources (email_id) {
        email_id -> Uuid,
        user_id -> Uuid,
        raw -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    email_texts (email_id, version) {
        email_id -> Uuid,
        version -> Int4,
        user_id -> Uuid,
        text -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    emails (id) {
        id -> Uuid,
        user_id -> Uuid,
        fingerprint -> Bytea,
        message_id -> Nullable<Text>,
        sent_at -> Nullable<Timestamptz>,
        received_at -> Timestamptz,
        sender -> Nullable<Text>,
        sender_name -> Nullable<Text>,
        subject -> Nullable<Text>,
        size_bytes -> Int4,
        authenticity -> Text,
        authenticity_reason -> Text,
        extraction_status -> Text,
        extraction_reason -> Nullable<Text>,
        deleted_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    extractions (id) {
        id -> Uuid,
        user_id -> Uuid,
        email_id -> Uuid,
        extractor -> Text,
        extractor_version -> Int4,
        text_version -> Int4,
        rules_revision -> Int8,
        model -> Nullable<Text>,
        prompt_hash -> Nullable<Bytea>,
        kind -> Text,
        kind_reason -> Text,
        outcome -> Text,
        result -> Jsonb,
        job_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    idempotency_keys (user_id, key) {
        user_id -> Uuid,
        key -> Text,
        mutation -> Text,
        input_hash -> Bytea,
        result_id -> Uuid,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    job_events (job_id, version) {
        job_id -> Uuid,
        version -> Int8,
        at -> Timestamptz,
        state -> Text,
        attempt -> Int4,
        data -> Jsonb,
    }
}

diesel::table! {
    job_schedules (name) {
        name -> Text,
        cron -> Text,
        next_run_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    job_workers (id) {
        id -> Uuid,
        host -> Text,
        process_id -> Int4,
        software_version -> Text,
        slots -> Jsonb,
        seen_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    jobs (id) {
        id -> Uuid,
        user_id -> Nullable<Uuid>,
        queue -> Text,
        kind -> Text,
        payload -> Jsonb,
        state -> Text,
        priority -> Int2,
        run_at -> Timestamptz,
        attempt -> Int4,
        max_attempts -> Int4,
        interruptions -> Int4,
        crash_count -> Int4,
        version -> Int8,
        worker_id -> Nullable<Uuid>,
        lease_expires_at -> Nullable<Timestamptz>,
        cancel_requested_at -> Nullable<Timestamptz>,
        cancel_requested_by -> Nullable<Uuid>,
        progress -> Jsonb,
        checkpoint -> Nullable<Jsonb>,
        output_payload -> Nullable<Jsonb>,
        error_payload -> Nullable<Jsonb>,
        unique_key -> Nullable<Text>,
        schedule_name -> Nullable<Text>,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    llm_usages (id) {
        id -> Uuid,
        user_id -> Uuid,
        email_id -> Uuid,
        extraction_id -> Nullable<Uuid>,
        job_id -> Uuid,
        attempt -> Int4,
        call -> Int4,
        model -> Text,
        input_tokens -> Nullable<Int4>,
        output_tokens -> Nullable<Int4>,
        cost_usd -> Nullable<Numeric>,
        latency_ms -> Int4,
        outcome -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    login_attempts (subject) {
        subject -> Text,
        failures -> Int4,
        failed_at -> Timestamptz,
        locked_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    password_resets (user_id) {
        user_id -> Uuid,
        code_hash -> Text,
        tries -> Int4,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    roles (name) {
        name -> Text,
        description -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        family -> Uuid,
        token_hash -> Bytea,
        previous_hash -> Nullable<Bytea>,
        rotated_at -> Nullable<Timestamptz>,
        user_agent -> Nullable<Text>,
        address -> Nullable<Inet>,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        rotation_salt -> Nullable<Bytea>,
    }
}

diesel::table! {
    sightings (id) {
        id -> Uuid,
        user_id -> Uuid,
        email_id -> Uuid,
        event_key -> Text,
        extraction_id -> Uuid,
        state -> Text,
        reason -> Nullable<Text>,
        transaction_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    transactions (id) {
        id -> Uuid,
        user_id -> Uuid,
        booked_on -> Date,
        occurred_at -> Nullable<Timestamptz>,
        amount -> Numeric,
        currency -> Text,
        original_amount -> Nullable<Numeric>,
        original_currency -> Nullable<Text>,
        merchant -> Nullable<Text>,
        description -> Nullable<Text>,
        notes -> Nullable<Text>,
        account_id -> Uuid,
        category_id -> Nullable<Uuid>,
        source -> Text,
        state -> Text,
        edited_fields -> Array<Nullable<Text>>,
        deleted_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        display_name -> Text,
        username -> Text,
        email -> Text,
        password_hash -> Text,
        role -> Text,
        is_active -> Bool,
        base_currency -> Text,
        time_zone -> Text,
        last_login_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        leaving_since -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(account_masks -> users (user_id));
diesel::joinable!(accounts -> users (user_id));
diesel::joinable!(api_tokens -> users (user_id));
diesel::joinable!(categories -> users (user_id));
diesel::joinable!(connected_accounts -> users (user_id));
diesel::joinable!(email_places -> users (user_id));
diesel::joinable!(email_sources -> users (user_id));
diesel::joinable!(email_texts -> users (user_id));
diesel::joinable!(emails -> users (user_id));
diesel::joinable!(extractions -> users (user_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(job_events -> jobs (job_id));
diesel::joinable!(llm_usages -> users (user_id));
diesel::joinable!(password_resets -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sightings -> users (user_id));
diesel::joinable!(transactions -> users (user_id));
diesel::joinable!(users -> roles (role));

diesel::allow_tables_to_appear_in_same_query!(
    account_masks,
    accounts,
    api_tokens,
    audit_entries,
    categories,
    connected_accounts,
    email_places,
    email_sources,
    email_texts,
    emails,
    extractions,
    idempotency_keys,
    job_events,
    job_schedules,
    job_workers,
    jobs,
    llm_usages,
    login_attempts,
    password_resets,
    roles,
    sessions,
    sightings,
    transactions,
    users,
);
