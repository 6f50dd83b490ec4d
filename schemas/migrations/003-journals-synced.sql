-- A part of `journals` is on the disk with its folder's name, as those of `events` are: after a power cut the database
-- must still know the epoch whose rows it has.
ALTER TABLE journals MODIFY SETTING fsync_part_directory = 1;
