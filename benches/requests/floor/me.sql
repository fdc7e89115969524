SELECT id, username, display_name, email FROM users WHERE id = :user;
