// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import com.sun.jna.Function;
import com.sun.jna.JNIEnv;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of the data path with nothing between: native methods of a few bytes of machine
 * code each, which move the arguments to where the kernel wants them. A call through a library
 * touches a dozen pages of memory more, which a packet that comes alone finds outside of all caches
 * (docs/decisions/035-system-calls-by-machine-code.md). Linux on x86-64 only; {@link Sys} goes
 * through the C library elsewhere.
 *
 * <p>All return {@code -errno} on failure. Thread-safe.
 */
final class DirectCalls {
  private static final int PAGE_BYTES = 4096;
  private static final int STUB_BYTES = 64;

  // Place of the function in JNI's table.
  private static final int REGISTER_NATIVES = 215;

  /** endbr64; mov rax, rdi; ret: gives its first argument back. */
  private static final String FIRST_ARGUMENT = "f30f1efa 4889f8 c3";

  /**
   * Behind {@code mov eax, NUMBER}: JNI's arguments three to six become the kernel's one to four,
   * its fifth (a time-out, or the size of a signal mask that is not there) is 0.
   *
   * <pre>
   * mov rdi, rdx; mov rsi, rcx; mov rdx, r8; mov r10, r9; xor r8d, r8d; syscall; ret
   * </pre>
   */
  private static final String SYSTEM_CALL = "4889d7 4889ce 4c89c2 4d89ca 4531c0 0f05 c3";

  /** Lets JNA pass its own environment and classes on as they are. */
  private static final Map<String, ?> OBJECTS = Map.of(Library.OPTION_ALLOW_OBJECTS, true);

  private static final String ENDBR64 = "f30f1efa";
  private static final String MOV_EAX = "b8";

  /**
   * True when the methods below can be called; else they throw {@link UnsatisfiedLinkError}. The
   * property {@code oasis.systemCalls=library} turns them off.
   */
  static final boolean AVAILABLE = install();

  private DirectCalls() {}

  // All parameters are long: the upper half of a register that holds an int is undefined.

  static native long read(long fd, long buffer, long bytes);

  static native long write(long fd, long buffer, long bytes);

  static native long writev(long fd, long iovec, long count);

  static native long sendmsg(long fd, long message, long flags);

  static native long recvmsg(long fd, long message, long flags);

  static native long sendmmsg(long fd, long messages, long count, long flags);

  /** Without a time-out. */
  static native long recvmmsg(long fd, long messages, long count, long flags);

  /** Unlike the C library's, writes into the time-out what is left of it. */
  static native long ppoll(long fds, long count, long timespec, long mask);

  private enum Call {
    READ("read", 0, 3),
    WRITE("write", 1, 3),
    WRITEV("writev", 20, 3),
    SENDMSG("sendmsg", 46, 3),
    RECVMSG("recvmsg", 47, 3),
    PPOLL("ppoll", 271, 4),
    RECVMMSG("recvmmsg", 299, 4),
    SENDMMSG("sendmmsg", 307, 4);

    final String method;
    final int number;
    final String signature;

    Call(String method, int number, int parameters) {
      this.method = method;
      this.number = number;
      signature = "(" + "J".repeat(parameters) + ")J";
    }

    String code() {
      return ENDBR64 + MOV_EAX + "%08x".formatted(Integer.reverseBytes(number)) + SYSTEM_CALL;
    }
  }

  private static boolean install() {
    boolean wanted = !"library".equals(System.getProperty("oasis.systemCalls"));
    boolean known = "amd64".equals(System.getProperty("os.arch"));
    if (!wanted || !known || !"Linux".equals(System.getProperty("os.name"))) {
      return false;
    }
    try {
      Pointer page = executable();
      return page != null && register(page) && read(-1, 0, 0) == -Errno.EBADF;
    } catch (RuntimeException | LinkageError e) {
      return false; // another JNA, another virtual machine: the library's calls do the same
    }
  }

  /** A page with the code of all calls, in order, and that of {@link #FIRST_ARGUMENT} behind. */
  private static @Nullable Pointer executable() {
    long address =
        Sys.C.mmap(
            0,
            PAGE_BYTES,
            LinuxConstants.PROT_READ | LinuxConstants.PROT_WRITE,
            LinuxConstants.MAP_PRIVATE | LinuxConstants.MAP_ANONYMOUS,
            -1,
            0);
    if (address == -1) {
      return null;
    }
    Pointer page = new Pointer(address);
    for (Call call : Call.values()) {
      page.write((long) call.ordinal() * STUB_BYTES, bytes(call.code()), 0, length(call.code()));
    }
    page.write(
        (long) Call.values().length * STUB_BYTES, bytes(FIRST_ARGUMENT), 0, length(FIRST_ARGUMENT));
    int readAndRun = LinuxConstants.PROT_READ | LinuxConstants.PROT_EXEC;
    return Sys.C.mprotect(address, PAGE_BYTES, readAndRun) == 0 ? page : null;
  }

  /** Binds the methods to their code by JNI's own function for it, which no library exports. */
  private static boolean register(Pointer page) {
    Call[] calls = Call.values();
    int pointer = Native.POINTER_SIZE;
    try (Memory methods = new Memory(3L * pointer * calls.length);
        Memory texts = new Memory((long) STUB_BYTES * 2 * calls.length)) {
      for (int i = 0; i < calls.length; i++) {
        long at = (long) i * 2 * STUB_BYTES;
        texts.setString(at, calls[i].method, StandardCharsets.US_ASCII.name());
        texts.setString(at + STUB_BYTES, calls[i].signature, StandardCharsets.US_ASCII.name());
        methods.setPointer(3L * i * pointer, texts.share(at));
        methods.setPointer((3L * i + 1) * pointer, texts.share(at + STUB_BYTES));
        methods.setPointer((3L * i + 2) * pointer, page.share((long) i * STUB_BYTES));
      }
      Pointer first = page.share((long) calls.length * STUB_BYTES);
      Object[] none = {JNIEnv.CURRENT};
      Pointer environment =
          (Pointer) Function.getFunction(first).invoke(Pointer.class, none, OBJECTS);
      Pointer register = environment.getPointer(0).getPointer((long) REGISTER_NATIVES * pointer);
      Object[] arguments = {JNIEnv.CURRENT, DirectCalls.class, methods, calls.length};
      Object result = Function.getFunction(register).invoke(int.class, arguments, OBJECTS);
      return Integer.valueOf(0).equals(result);
    }
  }

  private static int length(String hex) {
    return bytes(hex).length;
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }
}
