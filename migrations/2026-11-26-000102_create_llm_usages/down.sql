DROP TABLE llm_usages;
