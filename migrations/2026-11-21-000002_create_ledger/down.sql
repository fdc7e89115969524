DROP TABLE account_masks;
DROP TABLE accounts;
DROP TABLE categories;
