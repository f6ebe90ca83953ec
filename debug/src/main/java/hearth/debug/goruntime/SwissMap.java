// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.goruntime.GoType.Field;
import hearth.debug.target.Memory;
import hearth.debug.target.UnreadableException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the entries of a map in the order of its memory (Go's package internal/runtime/maps: a
 * directory of tables, tables of groups, groups of eight slots). What is damaged costs no more than
 * the entries that the map claims, times a factor.
 */
final class SwissMap {
  private static final int EMPTY_OR_DELETED = 0x80;
  private static final long MAX_GROUPS_PER_ENTRY = 64;

  record Entry(Variable key, Variable value) {}

  private final Loader loader;
  private final Memory memory;
  private final GoType keyType;
  private final GoType valueType;
  private final @Nullable GoType groupType;
  private final @Nullable GoType tableType;
  private final long address;
  private long length;
  private long directory;
  private long tables;
  private boolean small;
  private long table = -1;
  private long groups;
  private long groupCount;
  private long group;
  private int slot;
  private long visited;

  SwissMap(Loader loader, Variable map) {
    this.loader = loader;
    this.memory = map.memory;
    GoType pointer = map.type.structure();
    GoType structure = pointer.element() == null ? pointer : pointer.element();
    GoType key = map.type.key();
    GoType value = map.type.element();
    if (key == null || value == null || structure == null) {
      throw new UnreadableException("wrong real type for map");
    }
    keyType = key;
    valueType = value;
    address = map.memory.u64(map.address);
    Field directoryField = structure.field("dirPtr");
    if (directoryField == null) {
      throw new UnreadableException("map of a kind that is not read");
    }
    GoType tablePointer = directoryField.type().element();
    GoType tableStructure = tablePointer == null ? null : tablePointer.element();
    tableType = tableStructure;
    groupType = tableStructure == null ? null : groupOf(tableStructure);
    if (address == 0) {
      return;
    }
    length = memory.u64(address + offset(structure, "used"));
    directory = memory.u64(address + directoryField.offset());
    tables = memory.u64(address + offset(structure, "dirLen"));
    small = tables <= 0;
  }

  private static @Nullable GoType groupOf(GoType table) {
    Field groups = table.field("groups");
    Field data = groups == null ? null : groups.type().field("data");
    return data == null ? null : data.type().element();
  }

  private static long offset(GoType type, String name) {
    Field field = type.field(name);
    if (field == null) {
      throw new UnreadableException("structure " + type + " has no field " + name);
    }
    return field.offset();
  }

  long address() {
    return address;
  }

  long length() {
    return length;
  }

  @Nullable Entry next() {
    GoType type = groupType;
    if (address == 0 || length <= 0) {
      return null;
    }
    if (type == null) {
      throw new UnreadableException("map of a kind that is not read");
    }
    while (true) {
      if (group >= groupCount && !nextTable()) {
        return null;
      }
      if (visited > length * MAX_GROUPS_PER_ENTRY + 4096) {
        throw new UnreadableException("map is damaged: it has fewer entries than it claims");
      }
      long at = groups + group * type.size();
      while (slot < 8) {
        int current = slot++;
        int control = memory.u8(at + offset(type, "ctrl") + current);
        if ((control & EMPTY_OR_DELETED) == 0) {
          return entry(type, at, current);
        }
      }
      slot = 0;
      group++;
      visited++;
    }
  }

  private boolean nextTable() {
    GoType structure = tableType;
    group = 0;
    slot = 0;
    if (small) {
      if (table >= 0) {
        return false;
      }
      table = 0;
      groups = directory;
      groupCount = 1;
      return groups != 0;
    }
    while (structure != null && ++table < tables) {
      visited++;
      if (visited > length * MAX_GROUPS_PER_ENTRY + 4096) {
        return false;
      }
      long at = memory.u64(directory + 8 * table);
      Field index = structure.field("index");
      Field field = structure.field("groups");
      if (at == 0 || index == null || field == null) {
        throw new UnreadableException("map is damaged: it has no table " + table);
      }
      if (memory.u64(at + index.offset()) != table) {
        continue; // several places of the directory lead to one table
      }
      groups = memory.u64(at + field.offset() + offset(field.type(), "data"));
      groupCount = memory.u64(at + field.offset() + offset(field.type(), "lengthMask")) + 1;
      if (groups == 0) {
        throw new UnreadableException("map is damaged: a table has no groups");
      }
      return true;
    }
    return false;
  }

  private Entry entry(GoType type, long at, int index) {
    Field slots = type.field("slots");
    if (slots != null) {
      GoType slotType = slots.type().element();
      if (slotType == null) {
        throw new UnreadableException("map of a kind that is not read");
      }
      long slotAt = at + slots.offset() + index * slotType.size();
      Field key = slotType.field("key");
      Field value = slotType.field("elem");
      if (key == null || value == null) {
        throw new UnreadableException("map of a kind that is not read");
      }
      return new Entry(
          part(slotAt + key.offset(), key.type(), keyType),
          part(slotAt + value.offset(), value.type(), valueType));
    }
    Field keys = type.field("keys");
    Field values = type.field("elems");
    GoType key = keys == null ? null : keys.type().element();
    GoType value = values == null ? null : values.type().element();
    if (keys == null || values == null || key == null || value == null) {
      throw new UnreadableException("map of a kind that is not read");
    }
    return new Entry(
        part(at + keys.offset() + index * key.size(), key, keyType),
        part(at + values.offset() + index * value.size(), value, valueType));
  }

  /** Keys and values that are too large are kept elsewhere, and the slot has a pointer. */
  private Variable part(long at, GoType stored, GoType wanted) {
    Variable made = loader.variable("", at, stored, memory);
    boolean indirect = stored.isPointer() && !wanted.isPointer();
    return indirect ? loader.dereference(made) : made;
  }
}
