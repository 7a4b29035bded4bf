{application, os_mon, [{description, "Stands for os_mon"}, {vsn, "1"}, {modules, [disksup, memsup]}, {registered, []},
                       {applications, [kernel, stdlib]}]}.
