# A terminal whose reader stands still while the command runs: stopped-terminal.py COMMAND
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp('sh', ['sh', '-c', 'exec ' + sys.argv[1]])
_, status = os.waitpid(pid, 0)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(status))
