-- How a volume shows itself and who may reach it, as a JSON object; what is missing is as usual.
ALTER TABLE volumes ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
-- The secret that the target proves; made at the next start for volumes made before this.
ALTER TABLE volumes ADD COLUMN target_secret TEXT NOT NULL DEFAULT '';
